profrun: trace: trace\.bin \([0-9.]+ [KM]iB with 1 of the run's other processes beside it: trace\.[0-9]+\.bin\)
profrun: run: [0-9]+ operations of 2 processes in 16 steps, .*
profrun: look: proftrace merge trace\.bin trace\.[0-9]+\.bin -o run\.bin; proftrace stats run\.bin --by process,op
