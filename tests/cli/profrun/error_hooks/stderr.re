profrun: error: .*/my\.yaml:2:14: 'm' is no parameter of this function
