/* instrumented_throws.cc: exceptions pass functions that tell when they end.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <cblas.h>
#include <cstdio>
#include <stdexcept>

namespace net
{

class Layer
{
public:
	__attribute__((noinline)) void multiply(int m) const;
	__attribute__((noinline)) void fails(int depth) const;
	__attribute__((noinline)) void forward() const;
};

void Layer::multiply(int m) const
{
	float a[64] = {1, 2, 3}, c[64] = {};

	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, 2, 3, 1, a, 3, a, 2, 0, c, 2);
	std::printf("%g\n", static_cast<double>(c[0]));
}

void Layer::fails(int depth) const
{
	if (depth == 0)
		throw std::runtime_error("no more");
	fails(depth - 1);
	multiply(9);
}

void Layer::forward() const
{
	multiply(2);
	try {
		fails(3);
	} catch (const std::runtime_error &) {
		multiply(3);
	}
}

} // namespace net

int main()
{
	net::Layer layer;

	layer.forward();
	layer.multiply(4);
	return 0;
}
