/* order.c: a plugin, and the library below it that calls a routine of BLAS.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
float order_call(int n);

#ifdef BELOW
float cblas_sdot(int n, const float *x, int incx, const float *y, int incy);

float order_call(int n)
{
	volatile float found = cblas_sdot(n, 0, 1, 0, 1);

	return found;
}
#else
float plugin_order(int n);

float plugin_order(int n)
{
	volatile float found = order_call(n);

	return found;
}
#endif
