/* SPDX-License-Identifier: MIT */
/* In which order processes are made and come into their sessions. */
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/tree_planning.h"

/* An event is that a place is made, or that it has come into its session. */
#define made(place) (2 * (place))
#define in_session(place) (2 * (place) + 1)

enum { AHEAD, BEGUN, DONE };

struct dependency {
	size_t before, after;
};

struct event {
	size_t first, end; /* in schedule.befores: what must be before it */
	size_t next;       /* of these, to be looked at */
	unsigned char state;
	bool is_late;
};

struct schedule {
	struct planning *planning;
	struct dependency *dependencies;
	size_t dependencies_count, dependencies_capacity;
	struct event *events;
	size_t events_count;
	size_t *befores;
	size_t *stack; /* events that have begun, each needed by the one before it */
};

static void schedule_done(struct schedule *schedule)
{
	free(schedule->dependencies);
	free(schedule->events);
	free(schedule->befores);
	free(schedule->stack);
}

static int depend(struct schedule *schedule, size_t after, size_t before)
{
	struct dependency *slot = vector_append(schedule, dependencies);

	if (!slot)
		return -ENOMEM;
	*slot = (struct dependency){.before = before, .after = after};
	return 0;
}

static int depend_on_maker(struct schedule *schedule, size_t index)
{
	const struct planning *planning = schedule->planning;
	const struct place *place = &planning->places[index];
	const struct place *maker = &planning->places[place->maker];
	bool is_stand_in = index >= planning->count;
	int r;

	/* One that leads its own session makes its older children before that. */
	if (!is_stand_in && place->how == TREE_MAKE && place->first_session != maker->session) {
		r = depend(schedule, made(index), made(place->maker));
		return r < 0 ? r : depend(schedule, in_session(place->maker), made(index));
	}
	return depend(schedule, made(index), is_stand_in ? made(place->maker) : in_session(place->maker));
}

static int collect_dependencies(struct schedule *schedule)
{
	const struct planning *planning = schedule->planning;
	int r = 0;

	for (size_t i = 0; r == 0 && i < planning->places_count; i++) {
		r = depend(schedule, in_session(i), made(i));
		if (r == 0 && planning->places[i].maker != TREE_OUTSIDE)
			r = depend_on_maker(schedule, i);
	}
	return r;
}

static int schedule_init(struct schedule *schedule)
{
	size_t count = schedule->dependencies_count, at = 0;

	schedule->events_count = 2 * schedule->planning->places_count;
	schedule->events = calloc(schedule->events_count, sizeof(*schedule->events));
	schedule->befores = calloc(count, sizeof(size_t));
	schedule->stack = calloc(schedule->events_count, sizeof(size_t));
	if (!schedule->events || !schedule->befores || !schedule->stack)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		schedule->events[schedule->dependencies[i].after].end++;
	for (size_t i = 0; i < schedule->events_count; i++) {
		struct event *event = &schedule->events[i];

		event->first = event->next = at;
		at += event->end;
		event->end = event->first;
	}
	for (size_t i = 0; i < count; i++)
		schedule->befores[schedule->events[schedule->dependencies[i].after].end++] =
			schedule->dependencies[i].before;
	return 0;
}

/* Brothers keep their order, which is that in which their parent is told of them. */
static void note_child(struct planning *planning, const struct place *place, bool *is_late)
{
	struct place *parent = place->parent == TREE_OUTSIDE ? NULL : &planning->places[place->parent];

	if (!parent)
		return;
	*is_late |= parent->has_late_child;
	parent->has_late_child = *is_late;
}

static int add_event(struct schedule *schedule, size_t number)
{
	struct planning *planning = schedule->planning;
	struct event *event = &schedule->events[number];
	size_t who = number / 2;
	struct place *place = &planning->places[who];

	event->state = DONE;
	for (size_t i = event->first; i < event->end; i++)
		event->is_late |= schedule->events[schedule->befores[i]].is_late;
	if (number == made(who)) {
		event->is_late |= who < planning->count && planning->nodes[who].is_late;
		note_child(planning, place, &event->is_late);
		place->current_group = place->maker == TREE_OUTSIDE
					       ? ID_OUTSIDE
					       : planning->places[place->maker].current_group;
		return planning_add_step(planning, &(struct tree_step){.kind = place->how,
								       .who = who,
								       .maker = place->maker,
								       .is_late = event->is_late});
	}
	if (!leads_session(place))
		return 0;
	place->current_group = place->pid;
	return planning_add_step(
		planning,
		&(struct tree_step){.kind = TREE_LEAD_SESSION, .who = who, .is_late = event->is_late});
}

/* Adds the event, after all that must be before it. */
static int visit(struct schedule *schedule, size_t number)
{
	size_t depth = 0;
	int r = 0;

	if (schedule->events[number].state != AHEAD)
		return 0;
	schedule->events[number].state = BEGUN;
	schedule->stack[depth++] = number;
	while (r == 0 && depth > 0) {
		struct event *event = &schedule->events[schedule->stack[depth - 1]];
		size_t before;

		if (event->next == event->end) {
			r = add_event(schedule, schedule->stack[--depth]);
			continue;
		}
		before = schedule->befores[event->next++];
		if (schedule->events[before].state == BEGUN)
			return planning_refuse(schedule->planning, number / 2,
					       "its place in session # cannot be made again",
					       schedule->planning->nodes[number / 2].sid);
		if (schedule->events[before].state == AHEAD) {
			schedule->events[before].state = BEGUN;
			schedule->stack[depth++] = before;
		}
	}
	return r;
}

/* A process leads its session as late as it can, so that others are not made out of their turn for it. */
int planning_order(struct planning *planning)
{
	cleanup_(schedule_done) struct schedule schedule = {.planning = planning};
	int r = collect_dependencies(&schedule);

	if (r == 0)
		r = schedule_init(&schedule);
	for (size_t i = 0; r == 0 && planning->plan->refusals_count == 0 && i < planning->count; i++)
		r = visit(&schedule, made(i));
	for (size_t i = 0; r == 0 && planning->plan->refusals_count == 0 && i < planning->places_count; i++)
		r = visit(&schedule, in_session(i));
	planning->plan->making_count = planning->plan->steps_count;
	return r;
}
