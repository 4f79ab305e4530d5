/* static_throws.cc: exceptions through a function that is hooked, in a static program.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <cstdio>
#include <pthread.h>
#include <stdexcept>

extern "C" double scale(double *x, int n, double by);

__attribute__((noinline)) double scale(double *x, int n, double by)
{
	double sum = 0;

	if (by < 0)
		throw std::runtime_error("negative");
	for (int i = 0; i < n; i++)
		sum += x[i] *= by;
	return sum;
}

static int caught;

static void *work(void *)
{
	double x[16] = {1};

	for (int i = 0; i < 50; i++) {
		try {
			scale(x, 16, i % 2 ? -1 : 1);
		} catch (const std::exception &e) {
			caught++;
		}
	}
	return nullptr;
}

int main()
{
	pthread_t t;

	work(nullptr);
	if (pthread_create(&t, nullptr, work, nullptr) != 0)
		return 1;
	pthread_join(t, nullptr);
	std::printf("%d caught\n", caught);
	return caught == 50 ? 11 : 1;
}
