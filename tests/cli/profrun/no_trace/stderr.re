profrun: trace: none was written
profrun: run: [0-9.e-]+ s without a call of a function that libprofshim\.so knows
profrun: look: profrun --list-hooks says what is hooked and why functions are not, --verbose 1 what kept them from recording
