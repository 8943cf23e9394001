# In puppet: hands out declared facts when the manifest reads them, and notes declared outputs when it sets them.
require_relative 'weft_client'

module WeftPuppet
  FACTS = WeftClient::INPUTS.grep(/\Afacts\./).map { |name| name.delete_prefix('facts.') }
  # Outputs by the qualified name of the variable that they come from; facts as `facts.NAME`.
  OUTPUTS = WeftClient::OUTPUTS.group_by { |output| output['from'].delete_prefix('$').delete_prefix('::') }
  @failure = nil

  class << self
    attr_accessor :failure

    def read(name)
      WeftClient.read(name)
    rescue WeftClient::Error => error
      raise Puppet::Error, error.message
    end

    def fact?(name)
      FACTS.include?(name)
    end

    # The value of a Hiera key, or a map of the inputs below it: Hiera asks for `a` when a manifest looks up `a.b`.
    def look_up(key)
      return sensitive_keys if key == 'lookup_options'
      return given(key) if WeftClient::INPUTS.include?(key)
      below = WeftClient::INPUTS.select { |name| name.start_with?("#{key}.") && !fact?(name.delete_prefix('facts.')) }
      return nil if below.empty?
      below.each_with_object({}) do |name, found|
        *path, last = name.delete_prefix("#{key}.").split('.')
        path.inject(found) { |map, part| map[part] ||= {} }[last] = given(name)
      end
    end

    def given(name)
      return read(name) unless WeftClient::JOB['deferred'].include?(name)
      Puppet::Pops::Types::TypeFactory.deferred.create('weft::get', [name])
    end

    def sensitive_keys
      WeftClient::JOB['sensitive'].to_h { |name| [name, { 'convert_to' => 'Sensitive' }] }
    end

    def note(name, value)
      OUTPUTS.fetch(name, []).each do |output|
        data = plain(value)
        WeftClient.write(output, data) unless data.nil?
      end
    rescue WeftClient::Error => error
      raise Puppet::Error, "output from #{name}: #{error.message}"
    end

    def note_facts(facts)
      OUTPUTS.keys.grep(/\Afacts\./).each do |name|
        note(name, name.split('.').drop(1).inject(facts) { |value, key| value.is_a?(Hash) ? value[key] : nil })
      end
    end

    def plain(value)
      case value
      when Puppet::Pops::Types::PSensitiveType::Sensitive then plain(value.unwrap)
      when Hash then value.to_h { |key, item| [key.to_s, plain(item)] }
      when Array then value.map { |item| plain(item) }
      when String, Numeric, true, false then value
      when nil, :undef then nil
      else value.to_s
      end
    end
  end

  # What `$facts` is: the evaluator reads it by `[]`, `fetch` and `key?`.
  class Facts < Hash
    def [](name)
      WeftPuppet.fact?(name) ? WeftPuppet.read("facts.#{name}") : super
    end

    def fetch(name, *default, &block)
      WeftPuppet.fact?(name) ? self[name] : super
    end

    def key?(name)
      WeftPuppet.fact?(name) || super
    end
    alias include? key?
    alias has_key? key?

    def dig(name, *path)
      path.empty? ? self[name] : self[name]&.dig(*path)
    end
  end

  module Scope
    def set_facts(facts)
      WeftPuppet.note_facts(facts)
      setvar('facts', Facts.new.merge!(facts.each_value { |value| deep_freeze(value) }).freeze, privileged: true)
    end

    def setvar(name, value, options = Puppet::Parser::Scope::EMPTY_HASH)
      set = super
      if is_topscope?
        WeftPuppet.note(name, value)
      elsif source.is_a?(Puppet::Resource::Type) && source.type == :hostclass
        WeftPuppet.note("#{source.name}::#{name}", value)
      end
      set
    end

    def lookupvar(name, options = Puppet::Parser::Scope::EMPTY_HASH)
      fact = name.to_s.delete_prefix('::')
      # Variables of the same name hide a fact: only the outermost scope has facts.
      asked = (is_topscope? || fact != name) && WeftPuppet.fact?(fact)
      asked ? WeftPuppet.read("facts.#{fact}") : super
    end

    def exist?(name)
      WeftPuppet.fact?(name.to_s.delete_prefix('::')) || super
    end
  end

  # The last line of the log is the reason that people see first: the first error, as others follow from it.
  module Log
    def newmessage(message)
      serious = [:err, :alert, :emerg, :crit].include?(message.level)
      WeftPuppet.failure ||= message.to_s if serious && message.source != 'Facter'
      super
    end
  end
end

Puppet::Parser::Scope.prepend(WeftPuppet::Scope)
Puppet::Util::Log.singleton_class.prepend(WeftPuppet::Log)
at_exit { warn WeftPuppet.failure if WeftPuppet.failure }
