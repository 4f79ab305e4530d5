/* wheel_module.c: what Python opens, as a wheel's extension modules are, with the BLAS beside it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/preload/wheel_blas.h"

int wheel_run(double result[4]);

int wheel_run(double result[4])
{
	const float a[6] = {1, 2, 3, 4, 5, 6}, b[12] = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 7};
	const double x[3] = {1, 2, 3}, matrix[6] = {1, 4, 2, 5, 3, 6}, one = 1, zero = 0;
	const int64_t two = 2, three = 3, step = 1;
	double y[2], system[4] = {2, 1, 1, 3}, right[2] = {3, 5};
	int64_t pivots[2], info;
	float c[8] = {0};

	scipy_cblas_sgemm64_(101, 111, 111, 2, 4, 3, 1, a, 3, b, 4, 0, c, 4);
	result[0] = (double)c[7];
	result[1] = scipy_cblas_ddot64_(3, x, 1, x, 1);
	scipy_dgemv_64_("N", &two, &three, &one, matrix, &two, x, &step, &zero, y, &step, 1);
	result[2] = y[0];
	scipy_dgesv_64_(&two, &step, system, &two, pivots, right, &two, &info);
	result[3] = right[1];
	return scipy_openblas_get_num_threads64_();
}
