profrun: trace: other\.bin \([0-9.]+ [KM]iB, 2 traces: other\.bin, other\.[0-9]+\.bin\)
profrun: run: [0-9]+ operations of 2 processes in 16 steps, .*
profrun: look: proftrace merge other\.bin other\.[0-9]+\.bin -o run\.bin; proftrace stats run\.bin --by process,op
