profrun: trace: trace\.bin \([0-9.]+ [KM]iB\)
profrun: run: [1-9][0-9]* operations in 8 steps, 16 prompt and 7 generated tokens, [0-9.e-]+ s of the program's [0-9.e-]+ s \([0-9]+ %\)
profrun: look: proftrace stats trace\.bin; profreplay trace\.bin --arch PIM-AI-1chip
