/* program.cc: functions of all sorts in one executable, none of them exported.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Prints what they return. extern "C" gives them names that a test can say.
 */
#include <csetjmp>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>

#if defined(__clang__)
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noinline, noclone))
#endif

extern "C" {

struct three {
	long a, b, c;
};

static volatile int zero;
static jmp_buf back;

APART static float leaf(const float *x, const float *y, int n)
{
	float sum = 0;

	for (int i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

/* As llama2.c's: the caller keeps what leaf() leaves alone in registers. */
APART static void matmul(float *out, const float *x, const float *w, int n, int d)
{
	for (int i = 0; i < d; i++)
		out[i] = leaf(x, w + i * n, n) + (float)i;
}

APART static int fibonacci(int n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

APART static int thrower(int n)
{
	if (n > zero)
		throw n;
	return n;
}

APART static int through(int n)
{
	return thrower(n) + 1;
}

APART static int catcher(int n)
{
	try {
		return through(n);
	} catch (int thrown) {
		return 1000 + thrown;
	}
}

APART static void jumper(int n)
{
	longjmp(back, n);
}

APART static const char *switched(int n)
{
	switch (n) {
	case 0: return "none";
	case 1: return "one";
	case 2: return "two";
	case 3: return "three";
	case 4: return "four";
	case 5: return "five";
	default: return "many";
	}
}

APART static double summed(int n, ...)
{
	double sum = 0;
	va_list ap;

	va_start(ap, n);
	for (int i = 0; i < n; i++)
		sum += va_arg(ap, double);
	va_end(ap);
	return sum;
}

APART static struct three returned(long a)
{
	struct three t = {a, 2 * a, 3 * a};

	return t;
}

APART static long passed(long a, long b, long c, long d, long e, long f, long g, struct three t, double x)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + t.a + 2 * t.b + 3 * t.c + (long)(10 * x);
}

APART static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

APART static int tail(int n)
{
	return n > 0 ? fibonacci(n + zero) : 0;
}

APART static long double widened(long double x)
{
	return x * 3 + zero;
}

APART static void *threaded(void *arg)
{
	static const float x[2] = {1, 2};
	float *sum = (float *)arg;

	for (int i = 0; i < 1000; i++)
		*sum += leaf(x, x, 2);
	return nullptr;
}
}

int main()
{
	float x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, w[32], out[4], sums[3] = {0, 0, 0};
	int numbers[] = {5, 3, 9, 1, 7};
	pthread_t threads[3];

	for (int i = 0; i < 32; i++)
		w[i] = (float)(i % 5);
	matmul(out, x, w, 8, 4);
	printf("%g %g %g %g\n", out[0], out[1], out[2], out[3]);
	printf("%d %d %d %d\n", fibonacci(12), catcher(0), catcher(5), tail(5));
	for (volatile int i = 0; i < 20; i++) {
		int n = setjmp(back);

		if (!n)
			jumper(7);
		printf("%d", n);
	}
	for (int i = 0; i < 8; i++)
		printf(" %s", switched(i));
	printf("\n%g %ld %Lg\n", summed(3, 1.5, 2.5, 3.5), returned(4).c, widened(2));
	printf("%ld\n", passed(1, 2, 3, 4, 5, 6, 7, returned(5), 2.5));
	qsort(numbers, 5, sizeof(numbers[0]), compare);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], nullptr, threaded, &sums[i]);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], nullptr);
	printf("%d %d %d %g\n", numbers[0], numbers[2], numbers[4], sums[0] + sums[1] + sums[2]);
	return 3;
}
