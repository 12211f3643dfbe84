package clickhouse

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// parentEnv makes the test binary a program that starts a server in the folder
// the variable names, prints its address and lives on until it is killed.
const parentEnv = "WHENCE_TEST_PARENT"

func TestMain(m *testing.M) {
	MaybeChild()
	if dir := os.Getenv(parentEnv); dir != "" {
		s, err := Start(context.Background(), Config{Dir: dir})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(s.Addr())
		fmt.Fprintln(os.Stderr, s.Wait())
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
