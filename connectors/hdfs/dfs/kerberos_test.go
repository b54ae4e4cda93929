package dfs

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"
)

func keytabFile(t *testing.T, principal, realm string) string {
	t.Helper()
	keys := keytab.New()
	if err := keys.AddEntry(principal, realm, "secret", time.Unix(1_750_000_000, 0), 1, etypeID.AES256_CTS_HMAC_SHA1_96); err != nil {
		t.Fatal(err)
	}
	data, err := keys.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "keytab")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// krbConf names a KDC on loopback.
func krbConf(t *testing.T, address string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "krb5.conf")
	text := "[libdefaults]\n default_realm = EXAMPLE.COM\n udp_preference_limit = 1\n[realms]\n EXAMPLE.COM = {\n  kdc = " + address + "\n }\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KRB5_CONFIG", file)
}

// TestLoginAsksTheKDC: the request names the principal, with the name of this
// machine for _HOST.
func TestLoginAsksTheKDC(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // ends the KDC
	asked := make(chan string, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			request := make([]byte, 4096)
			n, _ := io.ReadAtLeast(c, request, 100)
			asked <- string(request[:n])
			_ = c.Close() // the KDC has no answer
		}
	}()
	krbConf(t, l.Addr().String())
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host = strings.ToLower(host)
	_, err = newLogin(Kerberos{Principal: "connect/_HOST@EXAMPLE.COM", Keytab: keytabFile(t, "connect/"+host, "EXAMPLE.COM"), NameNode: "nn/_HOST@EXAMPLE.COM"})
	if err == nil || !strings.Contains(err.Error(), "connect/_HOST@EXAMPLE.COM") || !strings.Contains(err.Error(), "KDC") {
		t.Errorf("a login without an answer: %v", err)
	}
	if request := <-asked; !strings.Contains(request, host) || !strings.Contains(request, "EXAMPLE.COM") {
		t.Errorf("the KDC was asked %q", request)
	}
}

func TestLoginMistakes(t *testing.T) {
	krbConf(t, "127.0.0.1:1")
	good := Kerberos{Principal: "connect@EXAMPLE.COM", Keytab: keytabFile(t, "connect", "EXAMPLE.COM"), NameNode: "nn/_HOST"}
	for has, change := range map[string]func(*Kerberos){
		"connect.hdfs.keytab":                func(k *Kerberos) { k.Keytab = "/none" },
		"hdfs.namenode.principal is missing": func(k *Kerberos) { k.NameNode = "" },
		"check the principal":                func(*Kerberos) {},
	} {
		k := good
		change(&k)
		if _, err := newLogin(k); err == nil || !strings.Contains(err.Error(), has) {
			t.Errorf("%+v: %v, want %s", k, err, has)
		}
	}
	t.Setenv("KRB5_CONFIG", "/none/krb5.conf")
	if _, err := newLogin(good); err == nil || !strings.Contains(err.Error(), "KRB5_CONFIG") {
		t.Errorf("no settings of Kerberos: %v", err)
	}
}
