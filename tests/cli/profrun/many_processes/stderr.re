profrun: trace: trace\.d \([0-9.]+ [KM]iB, 10 traces: trace\.bin(, trace\.[0-9]+\.bin){7} and 2 more\)
profrun: run: [0-9]+ operations of 10 processes in 10 steps, .*
profrun: look: proftrace stats trace\.d --by process,op; proftrace merge trace\.d -o run\.bin
