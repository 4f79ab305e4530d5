// cases.cc: calls that hooks must let through unharmed; prints what it saw.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cases NAME...: runs these; the status at the end is 7, so that it can be told
// from every other.
#include "cases.h"

#include <cerrno>
#include <cfenv>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

namespace
{

void exceptions()
{
	int caught = 0;

	for (int i = 1; i <= 1000; i++) {
		try {
			cblas_sscal(i, 1, nullptr, 1);
		} catch (int n) {
			caught += n == i;
		}
	}
	std::printf("exceptions %d, then %g\n", caught, cblas_sdot(3, nullptr, 1, nullptr, 1));
}

void longjumps()
{
	static jmp_buf place;
	static volatile int jumps;

	jumps = 0;
	if (setjmp(place) < 1000)
		cblas_sswap(++jumps, reinterpret_cast<float *>(&place), 1, nullptr, 1);
	std::printf("longjumps %d, then %g\n", static_cast<int>(jumps), cblas_sdot(4, nullptr, 1, nullptr, 1));
}

void recursion()
{
	std::printf("recursion %g\n", cblas_dnrm2(2000, nullptr, 1));
}

void threads()
{
	std::vector<std::thread> all;
	float sums[8] = {};

	for (float &sum : sums)
		all.emplace_back([&sum] {
			for (int i = 0; i < 10000; i++)
				sum += cblas_sdot(1 + i % 7, nullptr, 1, nullptr, 1);
		});
	for (std::thread &thread : all)
		thread.join();
	for (float sum : sums)
		std::printf("thread %g\n", sum);
}

void environment()
{
	errno = 55;
	double before = cblas_dasum(1, nullptr, 1);

	std::printf("errno %g, then %d\n", before, errno);
	std::fesetround(FE_UPWARD);
	bool kept = cblas_snrm2(1, nullptr, 1) == FE_UPWARD && std::fegetround() == FE_UPWARD;
	std::fesetround(FE_TONEAREST);
	std::printf("rounding %s\n", kept ? "kept" : "lost");
}

void tail_calls()
{
	float a = 1, x = 2, y = 0;

	cblas_sgemv(101, 111, 10, 20, 0.5F, &a, 30, &x, 40, 0, &y, 50);
	std::printf("tail call %g\n", y);
}

void batches()
{
	const int flags[] = {111, 111}, m[] = {2, 4}, n[] = {3, 5}, k[] = {4, 6}, ld[] = {8, 8}, sizes[] = {2, 3};
	const int same[] = {2, 2};
	const float one[] = {1, 1};
	float c[5] = {};
	float *out[] = {c, c + 1, c + 2, c + 3, c + 4};

	cblas_sgemm_batch(101, flags, flags, m, n, k, one, nullptr, ld, nullptr, ld, one, out, ld, 2, sizes);
	std::printf("batch %g %g\n", c[1], c[4]);
	cblas_sgemm_batch(101, flags, flags, same, same, same, one, nullptr, ld, nullptr, ld, one, out, ld, 2, sizes);
	std::printf("batch %g %g\n", c[1], c[4]);
	cblas_sgemm_batch(101, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
	                  nullptr, nullptr, nullptr, nullptr, 0, nullptr);
}

} // namespace

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)();
	} cases[] = {{"exceptions", exceptions}, {"longjumps", longjumps}, {"recursion", recursion},
	             {"threads", threads}, {"environment", environment}, {"tail_calls", tail_calls},
	             {"batches", batches}};

	for (int i = 1; i < argc; i++)
		for (const auto &one : cases)
			if (std::strcmp(argv[i], one.name) == 0)
				one.run();
	return 7;
}
