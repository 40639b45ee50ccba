#!/bin/bash
# SPDX-License-Identifier: MIT
# A Java program (HotSpot) with threads, compiled code and garbage collection on the way.
set -u
. tests/apps/lib.bash
needs java javac

cat >Program.java <<'END'
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

public class Program {
	static long work(int seed) {
		List<String> kept = new ArrayList<>();
		long hash = seed;
		for (int i = 0; i < 20000; i++) {
			hash = hash * 6364136223846793005L + 1442695040888963407L;
			kept.add(Long.toHexString(hash));
			if (kept.size() > 500) kept.subList(0, 400).clear();
		}
		return hash + kept.hashCode();
	}

	public static void main(String[] arguments) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(3);
		long total = 0;
		for (int round = 0; round < 60; round++) {
			List<Future<Long>> results = new ArrayList<>();
			for (int i = 0; i < 6; i++) {
				int seed = round * 6 + i;
				results.add(pool.submit(() -> work(seed)));
			}
			for (Future<Long> result : results) total = total * 31 + result.get();
			System.err.println(round);
			Thread.sleep(5);
		}
		pool.shutdown();
		System.out.println(total);
	}
}
END
javac Program.java || fail "compile"
java -Xmx96m Program >expected 2>expected.progress
start bash -c 'exec java -Xmx96m Program 2>progress'
dump_when has_lines progress 15
restore
finish
same "the result is the same" expected app.out
exit "$failed"
