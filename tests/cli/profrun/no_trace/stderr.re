profrun: trace: none was written
profrun: run: [0-9.e-]+ s without a call of a function that libprofshim\.so knows
profrun: look: profrun --verbose 1 says what was hooked and what kept it from recording
