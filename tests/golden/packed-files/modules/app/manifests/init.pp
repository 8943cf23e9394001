class app($port = 80) {
  notify { "p\u00f6rt ${port} %index%": }
}
