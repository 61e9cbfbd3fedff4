package app

import "syscall"

// mayOpen is how many files this process may have open: Go has raised the limit as far as it may be.
func mayOpen() (uint64, error) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return limit.Cur, err
}
