profrun: trace: none was written
profrun: run: [0-9.e-]+ s without a call of a function that libprofshim\.so knows
profrun: look: profrun --list-hooks says what is hooked and why functions are not, --verbose 1 what kept them from recording
profrun: trace: none was written
profrun: run: [0-9.e-]+ s without an operation that --record=steps:3- --filter=op=conv2d would record
profrun: look: without that profrun records all that libprofshim\.so knows; proftrace stats shows what there is
profrun: trace: none was written
profrun: run: [0-9.e-]+ s without an operation that --families=ggml would record
profrun: look: without that profrun records all that libprofshim\.so knows; proftrace stats shows what there is
