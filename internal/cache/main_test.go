package cache_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/postwright/postwright/internal/dbtest"
)

func TestMain(m *testing.M) {
	code := dbtest.Main(m)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			println(err.Error())
			code = 1
		}
	}
	os.Exit(code)
}
