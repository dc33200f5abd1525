package proxied

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// Trust is the proxies that are believed.
type Trust struct {
	entries []string
	dir     string
	now     atomic.Pointer[trusted]
}

// trusted is what the entries mean; it does not change.
type trusted struct {
	all    bool
	unix   bool
	ranges ranges
	zoned  []netip.Addr // with zones, which networks do not have
	wide   []string     // entries that trust everybody
}

// NewTrust reads entries: an address, a network (192.0.2.0/24), "unix" for all peers on
// Unix sockets, "*" for everybody, or "@FILE", a file with a network in each line, which
// is looked for in dir.
func NewTrust(entries []string, dir string) (*Trust, error) {
	t := &Trust{entries: entries, dir: dir}
	return t, t.Reload()
}

// Reload reads the files again. After an error all is as it was before.
func (t *Trust) Reload() error {
	next := &trusted{}
	for _, entry := range t.entries {
		if err := next.add(strings.TrimSpace(entry), t.dir); err != nil {
			return fmt.Errorf("trusted-proxies: %w", err)
		}
	}
	next.ranges = next.ranges.merged()
	t.now.Store(next)
	return nil
}

// Wide are the entries by which everybody is trusted.
func (t *Trust) Wide() []string { return t.now.Load().wide }

// Trusts says whether a peer is trusted.
func (t *Trust) Trusts(peer net.Addr) bool {
	switch peer := peer.(type) {
	case *net.TCPAddr:
		return t.now.Load().has(peer.AddrPort().Addr())
	case *net.UDPAddr:
		return t.now.Load().has(peer.AddrPort().Addr())
	case *net.UnixAddr:
		return t.now.Load().unix
	}
	return false
}

func (t *trusted) has(address netip.Addr) bool {
	if t.all {
		return address.IsValid()
	}
	for _, z := range t.zoned {
		if z == address {
			return true
		}
	}
	return t.ranges.has(address.Unmap().WithZone(""))
}

func (t *trusted) add(entry, dir string) error {
	switch name, file := strings.CutPrefix(entry, "@"); {
	case entry == "*":
		t.all, t.unix, t.wide = true, true, append(t.wide, entry)
		return nil
	case entry == "unix":
		t.unix = true
		return nil
	case file && name == "":
		return fmt.Errorf("%q names no file: write @/path/to/file", entry)
	case file && !filepath.IsAbs(name):
		return t.addFile(filepath.Join(dir, name))
	case file:
		return t.addFile(name)
	}
	err := t.addNetwork(entry)
	if err != nil {
		err = fmt.Errorf("%w, unix, * or @FILE", err)
	}
	return err
}

// addFile reads a list as those who run large proxies publish them.
func (t *trusted) addFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines, number, found := bufio.NewScanner(f), 0, false
	for lines.Scan() {
		number++
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := t.addNetwork(line); err != nil {
			return fmt.Errorf("%s, line %d: %w", path, number, err)
		}
		found = true
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s, line %d: %w", path, number+1, err)
	}
	if !found {
		return fmt.Errorf("%s: there is no network in it: was it fetched in full?", path)
	}
	return nil
}

func (t *trusted) addNetwork(text string) error {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		address, addressErr := netip.ParseAddr(text)
		if addressErr != nil {
			return fmt.Errorf("%.80q is no address and no network: want 192.0.2.1, 192.0.2.0/24, 2001:db8::/32", text)
		}
		if address.Zone() != "" {
			t.zoned = append(t.zoned, address)
			return nil
		}
		network = netip.PrefixFrom(address, address.BitLen())
	}
	if network.Addr().Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	if network.Bits() == 0 {
		t.wide = append(t.wide, text)
	}
	t.ranges = append(t.ranges, rangeOf(network))
	return nil
}
