profrun: trace: trace\.bin \([0-9.]+ [KM]iB, 10 traces: trace\.bin(, trace\.[0-9]+\.bin){7} and 2 more\)
profrun: run: [0-9]+ operations of 10 processes in 10 steps, .*
profrun: look: proftrace merge trace\.bin( trace\.[0-9]+\.bin){7} \.\.\. -o run\.bin; proftrace stats run\.bin --by process,op
profrun: look: profrun -o run/ keeps all traces of a run in a folder, which every tool reads as one
