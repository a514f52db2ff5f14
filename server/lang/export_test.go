package lang

// FormOf is for tests.
var FormOf = formOf
