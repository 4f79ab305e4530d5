profrun: trace: trace\.bin \([0-9.]+ [KM]iB with 1 of the run's other processes beside it\)
profrun: run: .* operations in 8 steps, .*
profrun: look: proftrace stats trace\.bin; profreplay trace\.bin --arch PIM-AI-1chip
