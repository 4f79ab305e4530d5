/* xray.h: functions that clang made ready to tell when they begin and end.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program built with -fxray-instrument has room for a call at the begin and the end of
 * its functions, and the runtime that fills it in, in the program itself.
 */
#ifndef PRELOAD_COMPILER_XRAY_H
#define PRELOAD_COMPILER_XRAY_H

/* Have the program's functions tell. Nothing happens when it was not built so,
 * or when XRAY_OPTIONS says that somebody else listens. In the constructor. */
void xray_start(void);

#endif
