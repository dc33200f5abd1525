package wire

// maxDepth bounds the nesting of control messages.
const maxDepth = 16

// Any reads any value that the wire uses: nil, bool, int64, float64, string (UTF-8),
// []byte, []any (list or tuple), map[string]any. Control messages, which are
// rare, are read so; requests and responses have readers of their own.
func (d *Decoder) Any() any { return d.any(maxDepth) }

func (d *Decoder) any(depth int) any {
	if depth == 0 {
		d.fail("nested too deeply")
	}
	if d.err != nil || len(d.buf) == 0 {
		d.code()
		return nil
	}
	switch d.buf[0] {
	case codeNone:
		d.IsNone()
		return nil
	case codeTrue, codeFalse:
		return d.Bool()
	case codeInt, codeInt64, codeLong:
		return d.Int()
	case codeFloat:
		return d.Float()
	case codeBytes:
		return d.Bytes()
	case codeTuple:
		return d.items(d.sequence(codeTuple, "tuple"), depth)
	case codeList:
		return d.items(d.List(), depth)
	case codeDict:
		return d.dict(depth)
	default:
		return d.Text()
	}
}

func (d *Decoder) items(n, depth int) []any {
	items := make([]any, 0, min(n, 1024))
	for range n {
		items = append(items, d.any(depth-1))
		if d.err != nil {
			return nil
		}
	}
	return items
}

func (d *Decoder) dict(depth int) map[string]any {
	d.code()
	m := map[string]any{}
	for d.err == nil {
		if len(d.buf) > 0 && d.buf[0] == codeNull {
			d.buf = d.buf[1:]
			return m
		}
		key := d.Text()
		m[key] = d.any(depth - 1)
	}
	return nil
}

// AppendAny appends what Any reads. Strings are taken as UTF-8; maps are
// written in no particular order. Other types are a programming error and are
// written as None.
func AppendAny(b []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return AppendBool(b, v)
	case int:
		return AppendInt(b, int64(v))
	case int64:
		return AppendInt(b, v)
	case float64:
		return AppendFloat(b, v)
	case string:
		return AppendText(b, v)
	case []byte:
		return AppendBytes(b, v)
	case []string:
		b = AppendList(b, len(v))
		for _, s := range v {
			b = AppendText(b, s)
		}
		return b
	case []any:
		b = AppendList(b, len(v))
		for _, item := range v {
			b = AppendAny(b, item)
		}
		return b
	case map[string]string:
		b = OpenDict(b)
		for key, s := range v {
			b = AppendText(AppendText(b, key), s)
		}
		return CloseDict(b)
	case map[string]any:
		b = OpenDict(b)
		for key, item := range v {
			b = AppendAny(AppendText(b, key), item)
		}
		return CloseDict(b)
	default:
		return AppendNone(b)
	}
}
