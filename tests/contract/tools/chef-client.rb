# Chef as the suite runs it: without most of the plug-ins that look at the machine, and without InSpec, all of which Chef would load for
# one word in its log.
minimal_ohai true
if Object.autoload?(:Inspec)
  Object.send(:remove_const, :Inspec)
  Object.const_set(:Inspec, Module.new).const_set(:Dist, Module.new).const_set(:PRODUCT_NAME, 'InSpec')
end
