package proxied

import (
	"net/netip"
	"slices"
)

// ranges are addresses, so that looking one up in a list of thousands of networks costs
// little. Those that are merged are in order and apart.
type ranges []addressRange

type addressRange struct{ first, last netip.Addr }

func rangeOf(network netip.Prefix) addressRange {
	first := network.Masked().Addr()
	last := first.AsSlice()
	for bit := network.Bits(); bit < len(last)*8; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	end, _ := netip.AddrFromSlice(last)
	return addressRange{first, end}
}

func (r ranges) merged() ranges {
	slices.SortFunc(r, func(a, b addressRange) int { return a.first.Compare(b.first) })
	var apart ranges
	for _, next := range r {
		if n := len(apart); n > 0 && next.first.Compare(apart[n-1].last) <= 0 {
			if next.last.Compare(apart[n-1].last) > 0 {
				apart[n-1].last = next.last
			}
			continue
		}
		apart = append(apart, next)
	}
	return apart
}

func (r ranges) has(address netip.Addr) bool {
	i, found := slices.BinarySearchFunc(r, address, func(a addressRange, b netip.Addr) int { return a.first.Compare(b) })
	return found || i > 0 && address.Compare(r[i-1].last) <= 0 && address.BitLen() == r[i-1].last.BitLen()
}
