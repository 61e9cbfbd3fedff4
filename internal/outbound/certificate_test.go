package outbound

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

// certificate makes one that signs itself, for an address and from a time on for an hour.
func certificate(t *testing.T, address string, from time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "vendor"},
		IPAddresses:           []net.IP{net.ParseIP(address)},
		NotBefore:             from,
		NotAfter:              from.Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// A vendor whose certificate is not valid gets nothing, is not asked again by itself, and whoever reads the failure knows why.
func TestABadCertificateIsNamedAndLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address string
		from    time.Time
		trusted bool
		says    string
	}{
		"of an unknown authority": {"127.0.0.1", time.Now(), false, "an authority that is not known here"},
		"for another host":        {"127.0.0.2", time.Now(), true, "for another host"},
		"that has expired":        {"127.0.0.1", time.Now().AddDate(0, 0, -1), true, "has expired"},
		"of tomorrow":             {"127.0.0.1", time.Now().AddDate(0, 0, 1), true, "not valid yet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var arrived atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			own := certificate(t, c.address, c.from)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
			server.StartTLS()
			t.Cleanup(server.Close)
			seam, seen := newSeam(t, Defaults(), thrice(Always))
			roots := x509.NewCertPool()
			if c.trusted {
				roots.AddCert(own.Leaf)
			}
			seam.base.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}

			_, _, err := send(t.Context(), seam, http.MethodPost, server.URL)

			f := requireFault(t, err)
			require.Equal(t, fault.VendorUnavailable, f.Kind)
			require.Equal(t, ReasonBadCertificate, f.Reason)
			require.Contains(t, f.Message, c.says)
			require.NotContains(t, f.Message, "x509")
			require.False(t, f.Doubt)
			require.Zero(t, arrived.Load())
			require.Len(t, seen.calls, 1, "asking again does not mend a certificate")
		})
	}
}
