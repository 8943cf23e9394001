# In puppet: the Hiera level that asks the agent for declared keys.
Puppet::Functions.create_function(:'weft::hiera') do
  dispatch :hiera do
    param 'Variant[String, Numeric]', :key
    param 'Hash', :options
    param 'Puppet::LookupContext', :context
  end

  def hiera(key, _options, context)
    found = WeftPuppet.look_up(key.to_s)
    found.nil? ? context.not_found : found
  end
end
