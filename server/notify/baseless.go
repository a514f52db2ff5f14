package notify

import (
	"context"
	"errors"
)

// errBaseless is why no mail goes to a mail server while nothing says where its links begin: a request's host name is
// anyone's to write.
var errBaseless = errors.New("BASE_URL is not set: nothing says where the links in mail begin, and mail waits until " +
	"it does")

// baseless takes the place of a mail server until BASE_URL is set. What waits is sent after that.
type baseless struct{}

func (b baseless) sender() sender                      { return b }
func (baseless) close()                                {}
func (baseless) send(context.Context, *envelope) error { return unreachable{errBaseless} }
