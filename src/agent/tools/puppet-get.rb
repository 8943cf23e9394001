# In puppet: what a deferred input is replaced by when the resource that uses it is applied.
Puppet::Functions.create_function(:'weft::get') do
  dispatch :get do
    param 'String', :name
    return_type 'Any'
  end

  def get(name)
    WeftPuppet.read(name)
  end
end
