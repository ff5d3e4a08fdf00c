package fleetmeter

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/proto"
)

const (
	mostAnswerBytes = 64 << 20
	// A connection that hangs shows by this. The daemon cuts off who asks more often than every 10 s.
	keepaliveTime    = 30 * time.Second
	keepaliveTimeout = 10 * time.Second
	longestBackoff   = 5 * time.Second
)

// TLS names PEM files. They are read again for each new connection, so that they may be renewed.
type TLS struct {
	Authorities string // what the daemon's certificate must lead to
	Certificate string // our own; may be empty, with Key
	Key         string
	// The DNS name that the daemon's certificate must have; empty: the host of its address.
	ServerName string
	// The SPIFFE ID that it must have instead of a name; empty: the name counts.
	DaemonIdentity string
}

func (t *TLS) config() (*tls.Config, error) {
	pem, err := os.ReadFile(t.Authorities)
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", t.Authorities)
	}
	if (t.Certificate == "") != (t.Key == "") {
		return nil, errors.New("Certificate and Key belong together; expected both or neither")
	}
	config := &tls.Config{RootCAs: authorities, ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if t.Certificate != "" {
		own, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	if t.DaemonIdentity != "" {
		// The identity counts, whatever the address is called; the chain is checked here instead.
		config.InsecureSkipVerify = true
		config.VerifyConnection = func(state tls.ConnectionState) error {
			return checkIdentity(state.PeerCertificates, authorities, t.DaemonIdentity)
		}
	}
	return config, nil
}

func checkIdentity(chain []*x509.Certificate, authorities *x509.CertPool, identity string) error {
	if len(chain) == 0 {
		return errors.New("the daemon has no certificate")
	}
	between := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: authorities, Intermediates: between})
	if err != nil {
		return err
	}
	if len(chain[0].URIs) != 1 || chain[0].URIs[0].String() != identity {
		return fmt.Errorf("the daemon is %v; expected %s", chain[0].URIs, identity)
	}
	return nil
}

// A channel to "host:port". Without TLS it is plaintext, which is for loopback.
func dial(address string, security *TLS) (*grpc.ClientConn, error) {
	transport := grpc.WithInsecure()
	if security != nil {
		config, err := security.config()
		if err != nil {
			return nil, err
		}
		transport = grpc.WithTransportCredentials(credentials.NewTLS(config))
	}
	waits := backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2,
		MaxDelay: longestBackoff}
	return grpc.Dial(address, transport, grpc.WithNoProxy(),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: waits, MinConnectTimeout: longestBackoff}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime,
			Timeout: keepaliveTimeout}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(mostAnswerBytes), grpc.ForceCodec(codec{})))
}

// The gRPC of Debian 12 would write messages with a library that is older than their code.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(message any) ([]byte, error) { return proto.Marshal(message.(proto.Message)) }

func (codec) Unmarshal(bytes []byte, message any) error {
	return proto.Unmarshal(bytes, message.(proto.Message))
}
