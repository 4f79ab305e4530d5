libprofshim: recording stops: .*: the trace reached the limit on file sizes: File too large
