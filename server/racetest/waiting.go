package racetest

import (
	"flag"
	"strconv"
)

// beside is how many tests run beside each other where most of what they do is waiting.
const beside = 8

// Waiting is called by the TestMain of a package whose parallel tests wait more than they compute: for another program,
// or for a pause that is part of what they prove. More of them run at once than there are cores, but no more than
// -parallel says where it is given.
func Waiting() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", strconv.Itoa(beside)) // the testing package declares it
	}
}
