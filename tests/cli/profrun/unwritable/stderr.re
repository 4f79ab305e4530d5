profrun: warning: nothing can be written to the folder of /.*/not/there/trace\.bin: No such file or directory
libprofshim: recording stops: /.*/not/there/trace\.bin: .*: No such file or directory
profrun: trace: none was written
profrun: run: [0-9.e-]+ s; nothing can be written to the folder of not/there/trace\.bin: No such file or directory
profrun: look: profrun -o FILE writes the trace elsewhere
profrun: warning: nothing can be written to the folder of /.*/not/there/: No such file or directory
libprofshim: recording stops: /.*/not/there: .*: No such file or directory
profrun: trace: none was written
profrun: run: [0-9.e-]+ s; nothing can be written to the folder of not/there/: No such file or directory
profrun: look: profrun -o FILE writes the trace elsewhere
profrun: warning: nothing can be written to the folder of /.*/made/trace\.bin: No such file or directory
profrun: trace: made/trace\.bin \(.*
profrun: run: .*
profrun: look: .*
