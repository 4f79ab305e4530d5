profrun: warning: \./static_program cannot be profiled by preloading: .*/profshim-carrier: No such file or directory
