package app_test

import (
	"net/http"
	"testing"
)

func conforms(t testing.TB, req *http.Request, res *http.Response, raw []byte) {}
