package dfs

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/client"
	krbconfig "github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/keytab"
)

// Kerberos is a login by a keytab.
type Kerberos struct {
	Enabled bool
	// Principal is user@REALM or user/_HOST@REALM, where _HOST stands for the name
	// of this machine.
	Principal string
	Keytab    string
	// NameNode is the principal of the name nodes, such as nn/_HOST@REALM, where
	// _HOST stands for the name of the name node.
	NameNode string
	// Renewal is the time after which the login is done again.
	Renewal time.Duration
}

// login is a Kerberos client that has a ticket. A nil one does nothing.
type login struct {
	client  *client.Client
	service string
	period  time.Duration

	mu sync.Mutex
	at time.Time // guarded by mu; of the last login
}

// newLogin gets a ticket for the principal, by the settings of Kerberos in
// /etc/krb5.conf or the file that the environment variable KRB5_CONFIG names.
func newLogin(k Kerberos) (*login, error) {
	user, realm, err := principal(k.Principal)
	if err != nil {
		return nil, err
	}
	keys, err := keytab.Load(k.Keytab)
	if err != nil {
		return nil, fmt.Errorf("connect.hdfs.keytab: %s cannot be read as a keytab: %w", k.Keytab, err)
	}
	path := cmp.Or(os.Getenv("KRB5_CONFIG"), "/etc/krb5.conf")
	realms, err := krbconfig.Load(path)
	if err != nil {
		return nil, fmt.Errorf("settings of Kerberos in %s (the environment variable KRB5_CONFIG names another file): %w", path, err)
	}
	// The name node's realm is found by the library, from its host.
	service, _, _ := strings.Cut(k.NameNode, "@")
	if service == "" {
		return nil, fmt.Errorf("hdfs.namenode.principal is missing: with Kerberos it names the service of the name nodes, such as nn/_HOST@%s", cmp.Or(realm, realms.LibDefaults.DefaultRealm))
	}
	l := &login{
		client:  client.NewWithKeytab(user, cmp.Or(realm, realms.LibDefaults.DefaultRealm), keys, realms, client.DisablePAFXFAST(true)),
		service: service, period: k.Renewal, at: time.Now(),
	}
	if err := l.client.Login(); err != nil {
		l.client.Destroy()
		return nil, fmt.Errorf("kerberos login of %s with %s: check the principal, the keytab and that the KDC of %s can be reached: %w", k.Principal, k.Keytab, path, err)
	}
	return l, nil
}

// principal takes user@REALM apart; the realm may be missing.
func principal(p string) (user, realm string, err error) {
	user, realm, _ = strings.Cut(p, "@")
	if !strings.HasSuffix(user, "/_HOST") {
		return user, realm, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return "", "", fmt.Errorf("name of this machine for _HOST of connect.hdfs.principal: %w", err)
	}
	return strings.TrimSuffix(user, "_HOST") + strings.ToLower(host), realm, nil
}

// renew logs in again when the period is over. It blocks on the KDC.
func (l *login) renew(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.period <= 0 || now.Sub(l.at) < l.period {
		return nil
	}
	if err := l.client.Login(); err != nil {
		return fmt.Errorf("kerberos login is not renewed: %w", err)
	}
	l.at = now
	return nil
}

func (l *login) end() {
	if l != nil {
		l.client.Destroy()
	}
}
