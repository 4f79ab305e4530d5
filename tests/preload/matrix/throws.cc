// throws.cc: C++ exceptions out of kernels.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/preload/matrix/known.h"

static void inside()
{
	throw std::runtime_error("inside");
}

// Products that are left in the middle don't count: they did not end.
static void throw_and_catch(int times)
{
	int caught = 0;

	for (int i = 0; i < times; i++) {
		kernel_inside = nullptr;
		known_calls(1);
		kernel_inside = inside;
		try {
			known_calls(1);
		} catch (const std::runtime_error &) {
			caught++;
		}
	}
	kernel_inside = nullptr;
	known_calls(100);
	known_must(caught == times, "catching");
}

int main()
{
	std::vector<std::thread> threads;

	for (int i = 0; i < 4; i++)
		threads.emplace_back(throw_and_catch, 2000);
	throw_and_catch(2000);
	for (auto &thread : threads)
		thread.join();
	std::puts("caught");
	return 3;
}
