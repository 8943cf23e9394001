# In puppet, for weft infer: notes keys and facts that nothing sets, stands in for them, and notes what classes set.
require 'json'
require_relative 'weft_puppet'

module WeftInfer
  # Every class sets these.
  NO_OUTPUTS = %w[name title module_name caller_module_name].freeze

  class << self
    def note(what)
      File.open(ENV.fetch('WEFT_NOTES'), 'a', 0o600) { |file| file.syswrite("#{JSON.generate(what)}\n") }
    end

    def note_read(name, optional, type)
      note(read: name, optional: optional, type: type && kind_of(type))
    end

    # Some value of a type.
    def stand_in(type)
      type = type.resolved_type if type.is_a?(Puppet::Pops::Types::PTypeAliasType)
      case type
      when Puppet::Pops::Types::PIntegerType then type.from || 1
      when Puppet::Pops::Types::PNumericType then 1
      when Puppet::Pops::Types::PBooleanType then true
      when Puppet::Pops::Types::PArrayType, Puppet::Pops::Types::PTupleType then []
      when Puppet::Pops::Types::PHashType, Puppet::Pops::Types::PStructType then {}
      when Puppet::Pops::Types::PEnumType then type.values.first
      when Puppet::Pops::Types::PSensitiveType then Puppet::Pops::Types::PSensitiveType::Sensitive.new(stand_in(type.type))
      when Puppet::Pops::Types::POptionalType then stand_in(type.optional_type)
      when Puppet::Pops::Types::PVariantType then stand_in(type.types.first)
      else '1'
      end
    end

    def kind_of(type)
      { Integer => 'number', Float => 'number', TrueClass => 'boolean', Array => 'json', Hash => 'json', String => 'string' }[
        WeftPuppet.plain(stand_in(type)).class
      ]
    end
  end

  # Automatic look-up of a class's parameters: what neither Hiera nor the module's data had.
  module Parameters
    def inject_external_parameters(resource, scope)
      super
      return unless type == :hostclass
      arguments.each do |name, default|
        given = resource.parameters[name.to_sym]
        next unless given.nil? || given.value.nil?
        wanted = argument_types[name]
        WeftInfer.note_read("#{self.name}::#{name}", !default.nil?, wanted)
        resource[name.to_sym] = WeftInfer.stand_in(wanted) if default.nil?
      end
    end
  end

  module Lookup
    def lookup(name, value_type, default_value, has_default, merge, invocation, &block)
      super(name, value_type, default_value, has_default, merge, invocation) do |key|
        WeftInfer.note_read(Array(name).first, has_default || !block.nil?, value_type)
        if block then block.call(key)
        elsif has_default then default_value
        else WeftInfer.stand_in(value_type)
        end
      end
    end
  end

  # What stands for a fact that this machine does not have.
  module Facts
    def [](name)
      key?(name) ? super : missing(name)
    end

    def fetch(name, *default, &block)
      key?(name) ? super : missing(name)
    end

    def missing(name)
      WeftInfer.note_read("facts.#{name}", false, nil)
      '1'
    end
  end

  module Scope
    def setvar(name, value, options = Puppet::Parser::Scope::EMPTY_HASH)
      set = super
      if source.is_a?(Puppet::Resource::Type) && source.type == :hostclass && !is_topscope? && !NO_OUTPUTS.include?(name.to_s)
        WeftInfer.note(write: name, source: "$#{source.name}::#{name}", value: WeftPuppet.plain(value))
      end
      set
    end
  end
end

Puppet::Resource::Type.prepend(WeftInfer::Parameters)
Puppet::Pops::Lookup.singleton_class.prepend(WeftInfer::Lookup)
WeftPuppet::Facts.prepend(WeftInfer::Facts)
Puppet::Parser::Scope.prepend(WeftInfer::Scope)
