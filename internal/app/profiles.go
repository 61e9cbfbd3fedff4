package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/pprof"
)

// serveProfiles serves profiles of the process on an address of their own, where one is set, until end is called. Requests are
// not bounded in time, since a profile takes as long as its reader asks for; only this machine reaches the address. The command
// line is not among them: there may be a secret in it.
func (a *App) serveProfiles(ctx context.Context) (end func(), err error) {
	if a.cfg.Server.PprofListen == "" {
		return func() {}, nil
	}
	listener, err := listen(ctx, a.cfg.Server.PprofListen, "--pprof-listen")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol) // pprof posts long lists of addresses
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: readHeaderTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: serverLog(a.log)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.ErrorContext(ctx, "profiles are no longer served", "error", err)
		}
	}()
	a.log.InfoContext(ctx, "serving profiles", "address", listener.Addr().String())
	return func() {
		_ = server.Close() // a profile under way is nobody's loss
		<-ended
	}, nil
}
