#!/bin/bash
# SPDX-License-Identifier: MIT
# perl with a hash, closures, sorting, regular expressions and a running alarm(2), dumped on the way.
set -u
. tests/apps/lib.bash
needs perl

cat >work.pl <<'END'
use strict;
use warnings;
use Time::HiRes qw(setitimer ITIMER_REAL);

my $alarms = 0;
$SIG{ALRM} = sub { $alarms++ };
setitimer(ITIMER_REAL, 0.01, 0.01);
$| = 1;

my %count;
my @step = map { my $factor = $_; sub { ($_[0] * $factor + 12345) % 1000003 } } 3, 5, 7, 11;
my $value = 1;
for my $round (1 .. 30) {
	for my $i (1 .. 16000) {
		$value = $step[$i % 4]->($value);
		$count{"key" . $value % 20011} .= chr(97 + $value % 26);
	}
	my $vowels = grep { $count{$_} =~ /[aeiou]{3}/ } keys %count;
	my @top = (sort { length $count{$b} <=> length $count{$a} or $a cmp $b } keys %count)[0 .. 4];
	print "$round $value $vowels @top\n";
	my $before = $alarms;
	select(undef, undef, undef, 0.001) for 1 .. 20;
	die "the timer does not tick any more" if $alarms == $before;
}
END
perl work.pl >expected

start perl work.pl
dump_when has_lines app.out 12
restore
finish
same "the results are the same" expected app.out
exit "$failed"
