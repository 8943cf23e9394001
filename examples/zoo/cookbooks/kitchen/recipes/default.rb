# An ordinary recipe: that the animals and the password come from another vm is not its business.
node['zoo']['animals'].each do |kind, count|
  node.default['kitchen']['portions'][kind] = count * node['kitchen']['kg_per_animal']
end

template 'larder.conf' do
  path ::File.join(Dir.pwd, 'larder.conf')
  source 'larder.conf.erb'
  mode '0600'
  sensitive true
end

ruby_block 'lock the larder' do
  block { node.default['kitchen']['locked'] = ::File.exist?('larder.conf') }
end
