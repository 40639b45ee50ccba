/* SPDX-License-Identifier: MIT */
/* Growing arrays. */
#include "common/vector.h"

#include <stdlib.h>
#include <string.h>

int vector_reserve(void **items, size_t *capacity, size_t need, size_t size)
{
	size_t grown;
	char *moved;

	if (need <= *capacity)
		return 0;
	grown = MAX(*capacity * 2, (size_t)8);
	grown = MAX(grown, need);
	moved = reallocarray(*items, grown, size);
	if (!moved)
		return -ENOMEM;
	memset(moved + *capacity * size, 0, (grown - *capacity) * size);
	*items = moved;
	*capacity = grown;
	return 0;
}
