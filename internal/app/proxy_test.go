package app_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/testbed/loopback"
)

// nginx is Debian's main configuration with what belongs to a machine left out, and everything in a folder of the test's.
const nginxMain = `daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
worker_processes 1;
events { worker_connections 768; }
http {
	sendfile on;
	tcp_nopush on;
	types_hash_max_size 2048;
	default_type application/octet-stream;
	ssl_protocols TLSv1.2 TLSv1.3;
	ssl_prefer_server_ciphers on;
	access_log off;
	gzip on;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	include %[1]s/postwright.conf;
}
`

// startNginx runs nginx with a configuration until the test ends.
func startNginx(t *testing.T, dir, configuration string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // where Debian has it, which is not on everybody's path
	}
	_, err = os.Stat(program)
	require.NoError(t, err, "this test needs nginx: apt-get install nginx, or brew install nginx")
	main := fmt.Sprintf(nginxMain, dir)
	if os.Geteuid() == 0 { // or its workers become somebody who may not enter the folder
		main = "user root;\n" + main
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(main), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postwright.conf"), []byte(configuration), 0o600))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"))
	cmd.Stderr = &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // its workers end with it
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("nginx said: %s%s", said.String(), log)
		}
	})
}

// awaitListener waits until somebody listens.
func awaitListener(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}, apptest.WaitLimit, apptest.WaitStep)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := loopback.FreeAddress(t.Context())
	require.NoError(t, err)
	return address
}

// What comes late over nginx is what its defaults hold back: it asks with HTTP/1.0 and gathers answers.
func TestAStreamComesAtOnceThroughNginxAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	waiting := w.UnderWay("queued")
	address := freeAddress(t)
	startNginx(t, t.TempDir(), "server { listen "+address+"; location / { proxy_pass "+w.URL+"; } }")
	awaitListener(t, address)
	w.URL = "http://" + address
	posts := postwrightv1connect.NewPostServiceClient(w.Client(w.Key))
	ctx, cancel := context.WithTimeout(t.Context(), apptest.WaitLimit)
	defer cancel()
	stream, err := posts.WatchPost(ctx, &postwrightv1.WatchPostRequest{Id: waiting.GetId()})
	require.NoError(t, err)
	defer func() { _ = stream.Close() }()
	told, err := stream.Receive()
	require.NoError(t, err)
	require.Equal(t, queued, told.GetPost().GetState())
	w.Exec(`UPDATE posts SET state = 'publishing', revision = revision + 1`)
	told, err = stream.Receive()
	require.NoError(t, err)
	require.Equal(t, postwrightv1.PostState_POST_STATE_PUBLISHING, told.GetPost().GetState())
}

// The page's own configuration, as it stands there.
func TestTheConfigurationOfNginxInTheDocsWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Server.ClientAddressHeader = "X-Real-IP" })
	w.Serve()
	waiting := w.UnderWay("queued")
	dir, address := t.TempDir(), freeAddress(t)
	roots := certify(t, dir)
	page, err := os.ReadFile("../../docs/proxies.md")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(page), "```nginx\n")
	require.True(t, found)
	block, _, _ := strings.Cut(after, "```")
	for old, here := range map[string]string{
		"server 127.0.0.1:8080;":                 "server " + strings.TrimPrefix(w.URL, "http://") + ";",
		"listen 443 ssl http2;":                  "listen " + address + " ssl http2;",
		"/etc/ssl/certs/posts.example.org.pem":   dir + "/cert.pem",
		"/etc/ssl/private/posts.example.org.key": dir + "/key.pem",
	} {
		require.Contains(t, block, old)
		block = strings.ReplaceAll(block, old, here)
	}
	startNginx(t, dir, block)
	awaitListener(t, address)
	w.URL = "https://" + address
	over := func(http2 bool) *http.Transport {
		transport := &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "posts.example.org", MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: http2,
		}
		t.Cleanup(transport.CloseIdleConnections)
		return transport
	}
	for name, client := range map[string]*connect.Client{
		"connect over HTTP/1.1": w.ClientOver(over(false), w.Key),
		"connect over HTTP/2":   w.ClientOver(over(true), w.Key),
		"gRPC":                  w.ClientOver(over(true), w.Key, connecthttp.WithGRPC()),
		"gRPC-Web":              w.ClientOver(over(true), w.Key, connecthttp.WithGRPCWeb()),
	} {
		t.Run(name, func(t *testing.T) {
			posts := postwrightv1connect.NewPostServiceClient(client)
			got, err := posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: waiting.GetId()})
			require.NoError(t, err)
			require.Equal(t, "Under way", got.GetPost().GetContent())
			ctx, cancel := context.WithTimeout(t.Context(), apptest.WaitLimit)
			defer cancel()
			stream, err := posts.WatchPost(ctx, &postwrightv1.WatchPostRequest{Id: waiting.GetId()})
			require.NoError(t, err)
			defer func() { _ = stream.Close() }()
			_, err = stream.Receive()
			require.NoError(t, err)
			large := apptest.NewPosts(1000)
			for _, post := range large {
				post.Content += strings.Repeat(".", 2900)
			}
			made, err := posts.BatchCreatePosts(t.Context(), &postwrightv1.BatchCreatePostsRequest{Posts: large})
			require.NoError(t, err)
			require.Len(t, made.GetPosts(), 1000)
		})
	}
	t.Run("metrics stay inside", func(t *testing.T) {
		for path, want := range map[string]int{"/metrics": http.StatusNotFound, "/readyz": http.StatusOK} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+path, nil)
			require.NoError(t, err)
			resp, err := (&http.Client{Transport: over(true)}).Do(req)
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, resp.Body)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, want, resp.StatusCode, path)
		}
	})
}

// certify makes a certificate for posts.example.org, and returns who trusts it.
func certify(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"posts.example.org"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	rawKey, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for file, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: raw}, "key.pem": {Type: "PRIVATE KEY", Bytes: rawKey}} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600))
	}
	certificate, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return roots
}
