package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
)

// CertificateProblem says what is wrong with the certificate of a host, and what to do, where that is what a TLS connection
// failed for: ok is false for every other error.
func CertificateProblem(err error) (problem string, ok bool) {
	var failed *tls.CertificateVerificationError
	if !errors.As(err, &failed) {
		return "", false
	}
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "its certificate comes from an authority that is not known here; add that to the system's certificates, or name it " +
			"with SSL_CERT_FILE, if it is one to trust", true
	case errors.As(err, new(x509.HostnameError)):
		return "its certificate is for another host; check the configured URL", true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not valid yet; check this machine's clock, or have the certificate renewed", true
	}
	return "its certificate is not valid; have it renewed, or look whether a proxy stands between", true
}
