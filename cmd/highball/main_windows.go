package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "highball: error: Windows is not supported, since it can neither fork workers nor pass them sockets; run Highball in WSL 2 or in a Linux container")
	os.Exit(1)
}
