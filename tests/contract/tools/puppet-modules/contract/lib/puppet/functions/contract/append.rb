# For the contract of tools: appends a line to a file while the manifest is evaluated; what is no text as JSON.
Puppet::Functions.create_function(:'contract::append') do
  dispatch :say do
    param 'String', :file
    param 'String', :text
  end

  dispatch :show do
    param 'String', :file
    param 'Any', :value
    param 'Boolean', :as_json
  end

  def say(file, text)
    File.write(file, "#{text}\n", mode: 'a')
  end

  def show(file, value, _as_json)
    say(file, value.to_json)
  end
end
