/* plugin.c: a library that has a routine of its own and calls it as everybody
 * does; built several times with another VALUE.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
float cblas_sdot(int n, const float *x, int incx, const float *y, int incy);
float plugin_call(int n);
float plugin_tail(int n);
void cblas_sscal(int n, float a, float *x, int incx);
void cblas_saxpy(int n, float a, const float *x, int incx, float *y, int incy);

float cblas_sdot(int n, const float *x, int incx, const float *y, int incy)
{
	return (float)(VALUE + n);
}

void cblas_saxpy(int n, float a, const float *x, int incx, float *y, int incy)
{
	*y = a * *x + (float)(VALUE + n);
}

/* Ends in a jump, so that the next hook's return address is the shim's. */
void cblas_sscal(int n, float a, float *x, int incx)
{
	cblas_saxpy(n, a, x, incx, x, incx);
}

/* The volatile keeps this one from ending in a jump: then the return address
 * would be the program's, and nothing would tell whose routine is meant. */
float plugin_call(int n)
{
	volatile float answer = cblas_sdot(n, 0, 1, 0, 1);

	return answer;
}

float plugin_tail(int n)
{
	float x = 1;

	cblas_sscal(n, 2, &x, 1);
	return x;
}
