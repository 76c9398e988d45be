module weir/bench/peers/gosnmp

go 1.23.0

require github.com/gosnmp/gosnmp v1.39.0
