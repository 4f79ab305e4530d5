// onednn_cpp.cc: a small network by oneDNN's interface of C++, for onednn.sh.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <oneapi/dnnl/dnnl.hpp>

#include <cstdio>
#include <numeric>
#include <vector>

using dnnl::memory;

namespace net
{

static memory filled(const memory::dims &dims, const dnnl::engine &engine)
{
	memory m({dims, memory::data_type::f32,
	          dims.size() == 4 ? memory::format_tag::abcd : memory::format_tag::ab},
	         engine);
	auto *values = static_cast<float *>(m.get_data_handle());

	std::iota(values, values + m.get_desc().get_size() / sizeof(float), 1.0f);
	return m;
}

struct Block {
	dnnl::engine engine{dnnl::engine::kind::cpu, 0};
	dnnl::stream stream{engine};
	memory x = filled({1, 8, 4, 4}, engine), y = filled({1, 8, 4, 4}, engine);

	void activate(bool twice);
	template <typename T> void laid_out(T tag);
};

__attribute__((noinline)) void Block::activate(bool twice)
{
	dnnl::eltwise_forward::desc d(dnnl::prop_kind::forward_inference, dnnl::algorithm::eltwise_relu,
	                              x.get_desc(), 0);
	dnnl::eltwise_forward relu({d, engine});

	for (int i = 0; i <= twice; i++)
		relu.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}});
}

template <typename T> __attribute__((noinline)) void Block::laid_out(T tag)
{
	memory other({{1, 8, 4, 4}, memory::data_type::f32, tag}, engine);

	dnnl::reorder(y, other).execute(stream, y, other);
	stream.wait();
	std::printf("%.1f\n", static_cast<float *>(other.get_data_handle())[1]);
}

} // namespace net

int main()
{
	net::Block block;

	block.activate(true);
	block.laid_out(memory::format_tag::acdb);
	try {
		dnnl::matmul::desc wrong(block.x.get_desc(), block.x.get_desc(), block.y.get_desc());
		dnnl::matmul never({wrong, block.engine});
	} catch (const dnnl::error &e) {
		std::printf("%s\n", e.what());
	}
	return 0;
}
