using System.Reflection;
using Xunit.Sdk;

namespace Transport.Epoll.Tests.Contract;

/// <summary>Every numbered line of the contract has a test that carries its number.</summary>
public sealed class ContractCoverageTests
{
    private const int Lines = 30;

    [Fact]
    public void ContractTraits_OfThisAssembly_CoverEveryLine()
    {
        var covered = typeof(ContractCoverageTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(method => method.GetCustomAttributes<FactAttribute>().Any(fact => fact.Skip is null))
            .SelectMany(TraitHelper.GetTraits)
            .Where(trait => trait.Key == "Contract")
            .Select(trait => int.Parse(trait.Value, System.Globalization.CultureInfo.InvariantCulture))
            .ToHashSet();

        Assert.Equal([], Enumerable.Range(1, Lines).Except(covered));
        Assert.Equal([], covered.Except(Enumerable.Range(1, Lines)));
    }
}
