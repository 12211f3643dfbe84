package apachekafka

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// parentEnv makes the test binary a program that starts a cluster in the folder the
// variable names, prints its address and lives on until it is killed.
const parentEnv = "WHENCE_TEST_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentEnv); dir != "" {
		c, err := Start(context.Background(), Config{Dir: dir})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(c.Addrs()[0])
		select {} // until it is killed
	}
	goleak.VerifyTestMain(m)
}
